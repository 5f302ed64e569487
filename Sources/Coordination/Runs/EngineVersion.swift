/// Changes with every change of the program that changes an imputed bit or a fit.
///
/// A record made by another engine version is refused: its chains could not be extended or
/// completed with the same results.
public let engineVersion = "3"
