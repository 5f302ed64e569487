import MixedModels

/// What a chain keeps of a target between its visits so as not to compute it again; nothing in it
/// decides a value.
struct TargetMemory {
  /// Cross-products on the target's columns, whether their response is the target itself, and the
  /// versions of the columns they are of: level-1 columns, then cluster-level ones.
  var moments: TwoLevelMoments?
  var isOfTarget = false
  var versions: [UInt32] = []
  /// Distinct observed values, increasing; found when a method first asks.
  var distinctValues: [Double] = []

  var byteCount: Int { (moments?.byteCount ?? 0) + distinctValues.count * 8 }
}
