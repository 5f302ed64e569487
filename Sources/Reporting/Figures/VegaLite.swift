/// The part of Vega-Lite's grammar that the figures use, as types that encode to its JSON.
///
/// <https://vega.github.io/vega-lite/docs/>, version 6. Names are the grammar's; a property that is
/// nil is left to Vega-Lite.
public enum VegaLite {
  /// The grammar's version that specifications declare.
  public static let schema = "https://vega.github.io/schema/vega-lite/v6.json"

  /// A property that may be switched off with JSON's null, which differs from being left out.
  public enum Switchable<Value: Encodable & Sendable & Equatable>: Encodable, Sendable, Equatable {
    case off
    case on(Value)

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .off: try container.encodeNil()
      case .on(let value): try container.encode(value)
      }
    }
  }

  /// A constant: a number or a text.
  public enum Constant: Encodable, Sendable, Equatable, ExpressibleByStringLiteral,
    ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral
  {
    case number(Double)
    case text(String)

    public init(stringLiteral value: String) { self = .text(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let value): try container.encode(value)
      case .text(let value): try container.encode(value)
      }
    }
  }

  /// The shapes that stand for data.
  public enum MarkType: String, Encodable, Sendable {
    case line, area, bar, point, circle, square, tick, rule, rect, text
  }

  /// A mark with its constant properties.
  public struct Mark: Encodable, Sendable, Equatable {
    public var type: MarkType
    package var color: String?
    public var fill: String?
    var stroke: String?
    var opacity: Double?
    var fillOpacity: Double?
    var strokeWidth: Double?
    var strokeDash: [Double]?
    package var filled: Bool?
    public var shape: String?
    public var size: Double?
    var thickness: Double?
    var interpolate: String?
    var clip: Bool?
    var orient: String?
    var align: String?
    var baseline: String?
    var dx: Double?
    var dy: Double?
    var fontSize: Double?
    var fontWeight: String?
    public var limit: Double?
    var tooltip: Bool?
    /// The text of a text mark, the same at every place.
    public var text: String?

    package init(_ type: MarkType, _ configure: (inout Mark) -> Void = { _ in }) {
      self.type = type
      configure(&self)
    }
  }

  /// One table among a figure's data.
  public struct DataReference: Encodable, Sendable, Equatable {
    struct Format: Encodable, Sendable, Equatable {
      var type = "csv"
      /// `number` or `string` by column.
      var parse: [String: String]
    }
    public var name: String
    var format: Format
  }

  /// A filter on the rows of a view's data.
  public struct Filter: Encodable, Sendable, Equatable {
    struct Predicate: Encodable, Sendable, Equatable {
      var field: String
      var oneOf: [String]
    }
    var filter: Predicate

    /// Rows whose `field` is one of `values`.
    init(_ field: String, oneOf values: [String]) {
      filter = Predicate(field: field, oneOf: values)
    }
  }

  /// Whether views of a composition share a scale, by channel: `shared` or `independent`.
  public struct Resolve: Encodable, Sendable, Equatable {
    public var scale: [String: String] = [:]
    var axis: [String: String]?

    init(independent channels: [String]) {
      for channel in channels { scale[channel] = "independent" }
    }
  }

  /// The field that makes a figure's panels.
  struct Facet: Encodable, Sendable, Equatable {
    struct Header: Encodable, Sendable, Equatable {
      var title: Switchable<String>?
      var labelLimit: Double?
      /// A Vega expression of `datum.label`, made of nothing that comes from data.
      var labelExpr: String?
      init(title: Switchable<String>? = .off, labelLimit: Double? = 320) {
        self.title = title
        self.labelLimit = labelLimit
      }
    }
    var field: String
    var type = FieldType.nominal
    var sort: Switchable<[String]>? = .off
    var header = Header()

    /// - Parameter order: of the panels; a facet sorts them by name otherwise.
    init(_ field: String, order: [String]) {
      self.field = field
      sort = order.isEmpty ? .off : .on(order)
    }
  }

  /// A view: a mark with its encoding, layers over each other, or several views.
  public struct View: Encodable, Sendable, Equatable {
    public var data: DataReference?
    public var transform: [Filter]?
    public var title: String?
    /// In pixels.
    public var width: Double?
    public var height: Double?
    public var mark: Mark?
    public var encoding: Encoding?
    var layer: [View]?
    var vconcat: [View]?
    var hconcat: [View]?
    var facet: Facet?
    public var columns: Int?
    /// The view in each panel of `facet`; one.
    public var spec: PanelView?
    public var resolve: Resolve?

    package init(_ configure: (inout View) -> Void = { _ in }) { configure(&self) }

    /// One mark over `data`.
    package init(
      _ mark: Mark, data: DataReference? = nil, _ configure: (inout Encoding) -> Void
    ) {
      self.mark = mark
      self.data = data
      var encoding = Encoding()
      configure(&encoding)
      self.encoding = encoding
    }
  }

  /// A view inside a view.
  public indirect enum PanelView: Encodable, Sendable, Equatable {
    case view(View)

    public var view: View {
      switch self {
      case .view(let view): view
      }
    }

    public func encode(to encoder: any Encoder) throws { try view.encode(to: encoder) }
  }
}
