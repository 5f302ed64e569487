import Foundation

/// Other ranks of the job: processes that were started by the same launcher.
func children(of rankZero: Int, naming text: String) -> [Int32] {
  func parent(_ pid: Int) -> Int? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    return fields.count > 1 ? Int(fields[1]) : nil
  }
  let launcher = parent(rankZero)
  let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return all.compactMap(Int.init).filter { $0 != rankZero && parent($0) == launcher }
    .filter { pid in
      let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).contains(text)
    }.map(Int32.init).sorted()
}
