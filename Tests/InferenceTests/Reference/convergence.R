# Makes convergence.json: chains and their diagnostics by R's package posterior.
# Rscript convergence.R > convergence.json
suppressPackageStartupMessages({
  library(posterior)
  library(jsonlite)
})
set.seed(20261122)

ar <- function(iterations, rho, start = rnorm(1)) {
  x <- numeric(iterations)
  value <- start
  for (i in seq_len(iterations)) {
    value <- rho * value + sqrt(1 - rho^2) * rnorm(1)
    x[i] <- value
  }
  x
}
chains <- function(m, f) signif(sapply(seq_len(m), f), 7)

cases <- list(
  independent = chains(4, function(k) rnorm(100)),
  "slow" = chains(4, function(k) ar(200, 0.9)),
  "very slow" = chains(5, function(k) ar(60, 0.99, start = 3 * rnorm(1))),
  "alternating" = chains(4, function(k) ar(100, -0.6)),
  "other places" = chains(4, function(k) rnorm(50, mean = k)),
  "other spreads" = chains(4, function(k) rnorm(50, sd = k)),
  "common trend" = chains(6, function(k) rnorm(40) + seq_len(40) / 10),
  "heavy tails" = chains(4, function(k) rcauchy(100)),
  "few values" = chains(5, function(k) rbinom(60, 4, 0.4)),
  "one chain" = chains(1, function(k) ar(80, 0.5)),
  "odd length" = chains(4, function(k) ar(51, 0.3)),
  "forgotten start" = chains(30, function(k) ar(20, 0.4, start = 4)),
  "short" = chains(30, function(k) ar(12, 0.3)),
  "many chains" = chains(100, function(k) ar(20, 0.2))
)

# Of R-hat posterior exports the larger of two figures; the smaller is not looked at here.
figures <- function(x) {
  list(
    chains = lapply(seq_len(ncol(x)), function(k) x[, k]),
    rhat = rhat(x),
    ess.bulk = suppressWarnings(ess_bulk(x)),
    ess.tail = suppressWarnings(ess_tail(x)),
    ess.mean = suppressWarnings(ess_mean(x))
  )
}
cat(toJSON(
  list(
    software = paste0("posterior ", packageVersion("posterior"), ", ", R.version.string),
    cases = lapply(cases, figures)
  ),
  digits = NA, auto_unbox = TRUE
))
