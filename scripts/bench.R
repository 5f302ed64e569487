# One chain of the SHARE trial's imputation in R, timed: seconds for the number of iterations asked
# for, extrapolated from the difference of a long and a short chain so that mice's own start-up
# does not count. Called by scripts/bench as: Rscript bench.R DATA ITERATIONS
# (a .csv file, or a .dta file where the package haven or foreign is installed).
suppressPackageStartupMessages({
  library(mice)
  library(miceadds)
})
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
predictors["scpar", c("school", "sex", "kscore")] <- c(-2, 3, 3)
predictors["kscore", c("school", "arm", "sex", "scpar")] <- c(-2, 1, 3, 3)
methods <- setNames(c("", "", "", "2l.pmm", "2l.pmm"), names(data))

seconds <- function(maxit) {
  system.time(suppressWarnings(mice(
    data, m = 1, maxit = maxit, method = methods, predictorMatrix = predictors,
    visitSequence = c("scpar", "kscore"), printFlag = FALSE, seed = 1
  )))[["elapsed"]]
}
short <- 2
long <- 12
cat((seconds(long) - seconds(short)) / (long - short) * iterations, "\n")
