"""Writes ReferenceValues.swift: see README.md beside this file."""

from mpmath import (
    betainc, erfc, exp, findroot, gammainc, inf, log, log1p, mp, mpf, sqrt,
)

mp.dps = 60


# Distribution functions, each tail by itself so that no digits cancel.
def normal_cdf(x):
    return erfc(-x / sqrt(2)) / 2


def normal_upper(x):
    return erfc(x / sqrt(2)) / 2


def t_upper(x, df):
    half = betainc(df / 2, mpf(1) / 2, 0, df / (df + x * x), regularized=True) / 2
    return half if x >= 0 else 1 - half


def t_cdf(x, df):
    return t_upper(-x, df)


def chi_squared_cdf(x, df):
    return gammainc(df / 2, 0, x / 2, regularized=True)


def chi_squared_upper(x, df):
    return gammainc(df / 2, x / 2, inf, regularized=True)


def f_cdf(x, df1, df2):
    return betainc(df1 / 2, df2 / 2, 0, df1 * x / (df1 * x + df2), regularized=True)


def f_upper(x, df1, df2):
    return betainc(df2 / 2, df1 / 2, 0, df2 / (df1 * x + df2), regularized=True)


def quantile(cdf, p, low, high):
    """The root of log cdf(x) = log p, bracketed by low and high."""
    return findroot(
        lambda x: log(cdf(x)) - log(p), (mpf(low), mpf(high)), solver="ridder", tol=1e-80,
        maxsteps=2000,
    )


def digits(value):
    return mp.nstr(value, 25, strip_zeros=False, min_fixed=-5, max_fixed=20)


def emit(name, doc, rows):
    print(f"\n  /// {doc}")
    print(f"  static let {name}: [Reference] = [")
    for arguments, value in rows:
        inside = ", ".join(repr(float(a)) for a in arguments)
        print(f"    Reference(arguments: [{inside}], value: {digits(value)}),")
    print("  ]")


def emit_elementary(name, function, arguments):
    print(f"\n  static let {name}: [ElementaryReference] = [")
    for x in arguments:
        exact = function(mpf(x))
        high = float(exact)
        low = float(exact - mpf(high))
        argument = ".leastNonzeroMagnitude" if x == 5e-324 else repr(x)
        print(f"    ElementaryReference({argument}, high: {high!r}, low: {low!r}),")
    print("  ]")


def rows(function, cases):
    """Values below the smallest normal double are left out: it can't hold their digits."""
    values = [(case, function(*[mpf(a) for a in case])) for case in cases]
    return [row for row in values if row[1] > 1e-300]


print("// Written by Reference/make_reference.py; do not edit.")
print("// swift-format-ignore-file")
print("""
/// A function's value at some arguments, right to every digit given.
struct Reference: Sendable {
  var arguments: [Double]
  var value: Double
}

/// An elementary function's value as the unevaluated sum `high + low`.
struct ElementaryReference: Sendable {
  var argument: Double
  var high: Double
  var low: Double
  init(_ argument: Double, high: Double, low: Double) {
    self.argument = argument
    self.high = high
    self.low = low
  }
}

enum ReferenceValues {""", end="")

emit("normalCDF", "(x)", rows(normal_cdf, [(x,) for x in (-37, -20, -8.5, -3, -1.96, -0.5, 0, 1e-8, 0.5, 1.96, 3, 6)]))
emit("normalUpper", "(x)", rows(normal_upper, [(x,) for x in (-3, 0, 0.5, 1.96, 5, 8.5, 20, 37)]))
emit("normalQuantile", "(p)", [
    ((p,), quantile(normal_cdf, mpf(p), low, high))
    for p, low, high in (
        (1e-300, -40, -30), (1e-20, -12, -8), (0.001, -4, -2), (0.025, -3, -1), (0.3, -1, 0),
        (0.6, 0.01, 1), (0.975, 1, 3), (0.9999, 3, 5))])

t_points = [
    (x, df) for df in (0.5, 1, 2, 3.7, 21.04, 23, 100, 5476, 1e7)
    for x in (-40, -3.1, -0.2, 0.7, 2.069, 12)
]
emit("studentTCDF", "(x, df)", rows(t_cdf, t_points))
emit("studentTUpper", "(x, df)", rows(t_upper, t_points + [(1e10, 3), (1e60, 4), (300, 23)]))
emit("studentTQuantile", "(p, df)", [
    ((p, df), quantile(lambda x, d=df: t_cdf(x, mpf(d)), mpf(p), low, high))
    for p, df, low, high in (
        (0.975, 0.7, 5, 1e3), (0.975, 1, 10, 20), (0.975, 2, 3, 6), (0.975, 21.04, 1, 3), (0.975, 23, 1, 3),
        (0.975, 5476, 1, 3), (0.995, 21.04, 2, 4), (0.9, 3.5, 1, 3), (0.2, 8, -2, -0.1),
        (1e-10, 23, -30, -5), (1e-100, 3, -1e40, -1e30), (1e-100, 23, -1e6, -1e3))])

chi_points = [
    (x, df) for df in (0.5, 1, 2, 5.5, 24, 5852)
    for x in (1e-6, 0.3, 2.5, 11, 60, 5900)
]
emit("chiSquaredCDF", "(x, df)", rows(chi_squared_cdf, chi_points))
emit("chiSquaredUpper", "(x, df)", rows(chi_squared_upper, chi_points))
emit("chiSquaredQuantile", "(p, df)", [
    ((p, df), quantile(lambda x, d=df: chi_squared_cdf(x, mpf(d)), mpf(p), low, high))
    for p, df, low, high in (
        (0.95, 1, 2, 6), (0.95, 9, 10, 20), (0.999, 24, 40, 60), (0.01, 3, 0.01, 1),
        (0.5, 5852, 5800, 5900), (1e-8, 4, 1e-6, 1e-2), (0.3, 0.5, 1e-6, 1))])

f_points = [
    (x, a, b) for a, b in ((1, 23), (2.5, 21.04), (5, 5476), (40, 3))
    for x in (1e-4, 0.4, 1, 4.3, 30)
]
emit("fisherFCDF", "(x, df1, df2)", rows(f_cdf, f_points))
emit("fisherFUpper", "(x, df1, df2)", rows(f_upper, f_points))
emit("fisherFQuantile", "(p, df1, df2)", [
    ((p, a, b), quantile(lambda x, a=a, b=b: f_cdf(x, mpf(a), mpf(b)), mpf(p), low, high))
    for p, a, b, low, high in (
        (0.95, 1, 23, 3, 6), (0.95, 2.5, 21.04, 2, 5), (0.99, 5, 5476, 2, 5),
        (0.05, 40, 3, 0.1, 1))])

# Elementary functions: magnitudes from the smallest normal to the largest number, the
# neighbourhood of 1 (log), of 0 (log1p, exp), and points with no pattern.
pattern = [0.1 + 0.6180339887498949 * k % 1 for k in range(40)]
log_points = (
    [1.5 * 2.0 ** e for e in range(-1022, 1023, 61)]
    + [1 + s * 2.0 ** -e for e in range(1, 53, 3) for s in (1, -1)]
    + [10 * p for p in pattern] + [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
)
log1p_points = (
    [s * 2.0 ** -e * 1.25 for e in range(1, 1000, 37) for s in (1, -1)]
    + [3 * p for p in pattern] + [-p / 1.2 for p in pattern] + [1e10, 1e100, 1e300]
)
exp_points = (
    [s * 2.0 ** -e * 1.25 for e in range(-9, 60, 3) for s in (1, -1)]
    + [700 * (p - 0.6) for p in pattern] + [10 * (p - 0.6) for p in pattern] + [709.7, -707.5]
)
emit_elementary("log", log, log_points)
emit_elementary("log1p", log1p, log1p_points)
emit_elementary("exp", exp, exp_points)
print("}")
