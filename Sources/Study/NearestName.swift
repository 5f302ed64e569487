import Tabular

/// The candidate that `name` was probably meant to be, or nil.
package func nearestName(to name: String, in candidates: [String]) -> String? {
  nearestNames(to: name, in: candidates).first
}
