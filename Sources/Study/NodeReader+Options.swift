import Imputation

extension MappingReader {
  /// The options of imputation methods that the mapping states, in the order in which methods declare
  /// them; what is no value of any method's is a problem.
  package func methodOptions() -> [(key: String, value: Located<OptionValue>)] {
    MethodRegistry.options.compactMap { option in
      let value: Located<OptionValue>?
      switch option.form {
      case .word(let words):
        value = word(option.key, among: words).map { Located(.word($0.value), at: $0.position) }
      case .count(let range):
        value = integer(option.key, in: range, expected: "\(option.form)").map {
          Located(.integer($0.value), at: $0.position)
        }
      case .number(let range):
        value = number(option.key, expected: "\(option.form)", where: range.contains).map {
          Located(.number($0.value), at: $0.position)
        }
      }
      return value.map { (option.key, $0) }
    }
  }
}
