extension VegaLite {
  /// What a field measures.
  public enum FieldType: String, Encodable, Sendable {
    case quantitative, nominal, ordinal
  }

  /// An axis.
  struct Axis: Encodable, Sendable, Equatable {
    var grid: Bool?
    var domain: Bool?
    var ticks: Bool?
    var labels: Bool?
    var labelAngle: Double?
    var labelLimit: Double?
    var labelOverlap: Bool?
    var format: String?
    var orient: String?
    var tickCount: Int?
    var tickMinStep: Double?
    var values: [Double]?

    init(_ configure: (inout Axis) -> Void = { _ in }) { configure(&self) }
  }

  /// How data become positions, colours, dashes or shapes.
  public struct Scale: Encodable, Sendable, Equatable {
    /// Ends of a continuous domain, or the values of a discrete one in order.
    package enum Domain: Encodable, Sendable, Equatable {
      case limits(Double, Double)
      case values([String])

      package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .limits(let low, let high): try container.encode([low, high])
        case .values(let values): try container.encode(values)
        }
      }
    }
    /// What the values of a discrete domain are shown as.
    public enum Range: Encodable, Sendable, Equatable {
      case names([String])
      case numbers([Double])
      case dashes([[Double]])

      public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .names(let names): try container.encode(names)
        case .numbers(let numbers): try container.encode(numbers)
        case .dashes(let dashes): try container.encode(dashes)
        }
      }
    }
    public var type: String?
    public var zero: Bool?
    var nice: Bool?
    package var domain: Domain?
    public var range: Range?
    public var padding: Double?
    var paddingInner: Double?
    var paddingOuter: Double?
    package var reverse: Bool?

    public init(_ configure: (inout Scale) -> Void = { _ in }) { configure(&self) }
  }

  /// A legend.
  struct Legend: Encodable, Sendable, Equatable {
    var title: Switchable<String>?
    var orient: String?
    var labelLimit: Double?
    var symbolType: String?

    init(title: Switchable<String>? = .off) { self.title = title }
  }

  /// How one property of a mark follows from the data.
  public struct Channel: Encodable, Sendable, Equatable {
    public var field: String?
    public var type: FieldType?
    public var value: Constant?
    var datum: Constant?
    public var title: Switchable<String>?
    var axis: Switchable<Axis>?
    public var scale: Scale?
    var legend: Switchable<Legend>?
    /// Order of a discrete field's values; off keeps the data's.
    public var sort: Switchable<[String]>?
    var stack: Switchable<String>?
    public var format: String?
    var bandPosition: Double?

    /// A number; `title` is what the reader is told that it is.
    package static func quantitative(
      _ field: String, _ title: String? = nil, _ configure: (inout Channel) -> Void = { _ in }
    ) -> Channel {
      of(field, .quantitative, title, configure)
    }

    /// One of several values, in the order of the data.
    package static func nominal(
      _ field: String, _ title: String? = nil, _ configure: (inout Channel) -> Void = { _ in }
    ) -> Channel {
      var channel = of(field, .nominal, title) { $0.sort = .off }
      configure(&channel)
      return channel
    }

    /// One of several values that have an order, which is the data's.
    public static func ordinal(
      _ field: String, _ title: String? = nil, _ configure: (inout Channel) -> Void = { _ in }
    ) -> Channel {
      var channel = of(field, .ordinal, title) { $0.sort = .off }
      configure(&channel)
      return channel
    }

    /// The other end of a range; it has neither type nor title of its own.
    public static func end(_ field: String) -> Channel {
      var channel = Channel()
      channel.field = field
      return channel
    }

    /// The same everywhere, on the drawing's scale.
    public static func value(_ constant: Constant) -> Channel {
      var channel = Channel()
      channel.value = constant
      return channel
    }

    /// The same everywhere, on the data's scale.
    static func datum(_ constant: Constant) -> Channel {
      var channel = Channel()
      channel.datum = constant
      return channel
    }

    private static func of(
      _ field: String, _ type: FieldType, _ title: String?, _ configure: (inout Channel) -> Void
    ) -> Channel {
      var channel = Channel()
      channel.field = field
      channel.type = type
      channel.title = title.map { $0.isEmpty ? .off : .on($0) }
      configure(&channel)
      return channel
    }
  }

  /// Channels by property.
  public struct Encoding: Encodable, Sendable, Equatable {
    public var x: Channel?
    public var y: Channel?
    public var x2: Channel?
    public var y2: Channel?
    var xOffset: Channel?
    var yOffset: Channel?
    package var color: Channel?
    public var fill: Channel?
    var stroke: Channel?
    var opacity: Channel?
    var fillOpacity: Channel?
    var strokeDash: Channel?
    var strokeWidth: Channel?
    public var shape: Channel?
    public var size: Channel?
    public var detail: Channel?
    public var order: Channel?
    public var text: Channel?
    var tooltip: [Channel]?

    init() {}
  }
}
