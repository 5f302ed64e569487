# One chain of the SHARE trial's imputation in R, timed: the method and the seconds for the number of
# iterations asked for, extrapolated from the difference of a long and a short chain so that mice's own start-up
# does not count. Called by scripts/bench as: Rscript bench.R DATA ITERATIONS
# (a .csv file, or a .dta file where the package haven or foreign is installed).
# miceadds has two-level predictive mean matching; mice alone has only its normal draw, 2l.lmer.
suppressPackageStartupMessages(library(mice))
method <- if (suppressPackageStartupMessages(require(miceadds, quietly = TRUE))) "2l.pmm" else "2l.lmer"
arguments <- commandArgs(trailingOnly = TRUE)
read <- function(file) {
  if (!grepl("[.]dta$", file)) return(read.csv(file))
  if (requireNamespace("haven", quietly = TRUE)) return(haven::zap_labels(haven::read_dta(file)))
  foreign::read.dta(file, convert.factors = FALSE)
}
data <- as.data.frame(read(arguments[1]))[, c("school", "arm", "sex", "scpar", "kscore")]
iterations <- as.numeric(arguments[2])
data$school <- as.integer(factor(data$school))

predictors <- matrix(0, 5, 5, dimnames = list(names(data), names(data)))
fixed <- if (method == "2l.pmm") 3 else 1
predictors["scpar", c("school", "sex", "kscore")] <- c(-2, fixed, fixed)
predictors["kscore", c("school", "arm", "sex", "scpar")] <- c(-2, 1, fixed, fixed)
methods <- setNames(c("", "", "", method, method), names(data))

seconds <- function(maxit) {
  system.time(suppressWarnings(mice(
    data, m = 1, maxit = maxit, method = methods, predictorMatrix = predictors,
    visitSequence = c("scpar", "kscore"), printFlag = FALSE, seed = 1
  )))[["user.self"]]
}
short <- 2
long <- 12
cat(method, (seconds(long) - seconds(short)) / (long - short) * iterations, "\n")
