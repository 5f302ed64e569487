// Open MPI's C interface for Swift: handle macros that Swift's importer skips become functions.
#ifndef DORMOUSE_COPENMPI_SHIM_H
#define DORMOUSE_COPENMPI_SHIM_H

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <sys/prctl.h>

static inline MPI_Comm ompi_shim_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype ompi_shim_byte(void) { return MPI_BYTE; }
static inline MPI_Request ompi_shim_request_null(void) { return MPI_REQUEST_NULL; }

// Errors come back as codes instead of ending the job.
static inline int ompi_shim_return_errors(void) {
  return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

static inline int ompi_shim_test(MPI_Request *request, int *flag) {
  return MPI_Test(request, flag, MPI_STATUS_IGNORE);
}

static inline int ompi_shim_iprobe(int source, int tag, int *flag, int *from, int *found_tag,
                                   int *count) {
  MPI_Status status;
  int code = MPI_Iprobe(source, tag, MPI_COMM_WORLD, flag, &status);
  if (code != MPI_SUCCESS || !*flag) return code;
  *from = status.MPI_SOURCE;
  *found_tag = status.MPI_TAG;
  return MPI_Get_count(&status, MPI_BYTE, count);
}

static inline int ompi_shim_irecv(void *buffer, int count, int source, int tag,
                                  MPI_Request *request) {
  return MPI_Irecv(buffer, count, MPI_BYTE, source, tag, MPI_COMM_WORLD, request);
}

static inline int ompi_shim_isend(const void *buffer, int count, int to, int tag,
                                  MPI_Request *request) {
  return MPI_Isend(buffer, count, MPI_BYTE, to, tag, MPI_COMM_WORLD, request);
}

// Variadic in C, so not imported: asks the kernel for `signal` when this process's parent ends.
static inline int ompi_shim_signal_at_parent_death(int signal) {
#ifdef PR_SET_PDEATHSIG
  return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
#else
  return -1;
#endif
}

#endif
