import CMalloc

/// Keeps freed memory in this process.
///
/// A chain allocates the same large arrays in every iteration; by default glibc maps and unmaps each
/// of them, and the kernel clears its pages anew: with hundreds of columns that takes longer than
/// the arithmetic. 32 MB is the largest threshold that glibc accepts.
func keepMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20)
  mallopt(M_TRIM_THRESHOLD, 1 << 30)
  mallopt(M_TOP_PAD, 16 << 20)
  // These hold for the main arena only, and rank 0 computes in a second thread.
  mallopt(M_ARENA_MAX, 1)
}
