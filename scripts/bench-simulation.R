# Times a simulation's replicate in R: generate 20 clusters of 50 rows, make 30 % of the outcome
# missing at random, impute 20 times with 5 iterations, fit a mixed model to each, pool.
#
#   Rscript scripts/bench-simulation.R [replicates]
#
# Prints the imputation method and the mean seconds of a replicate. 2l.pmm needs miceadds; without it
# mice's own 2l.lmer is timed.
arguments <- commandArgs(trailingOnly = TRUE)
replicates <- if (length(arguments) > 0) as.integer(arguments[1]) else 2L
suppressPackageStartupMessages({
  library(mice)
  library(lme4)
})
method <- if (requireNamespace("miceadds", quietly = TRUE)) "2l.pmm" else "2l.lmer"
if (method == "2l.pmm") suppressPackageStartupMessages(library(miceadds))

one <- function(seed) {
  set.seed(seed)
  cluster <- rep(1:20, each = 50)
  arm <- rep(sample(rep(0:1, 10)), each = 50)
  x <- rnorm(20, sd = sqrt(0.1))[cluster] + rnorm(1000, sd = sqrt(0.9))
  y <- 0.3 * arm + 0.5 * x + rnorm(20, sd = sqrt(0.05))[cluster] + rnorm(1000, sd = sqrt(0.95))
  odds <- as.vector(scale(x) + scale(arm))
  intercept <- uniroot(function(a) mean(plogis(a + odds)) - 0.3, c(-20, 20))$root
  y[runif(1000) < plogis(intercept + odds)] <- NA
  data <- data.frame(cluster, arm, x, y)
  roles <- matrix(0, 4, 4, dimnames = list(names(data), names(data)))
  roles["y", ] <- c(-2, 1, if (method == "2l.pmm") 3 else 1, 0)
  imputed <- mice(
    data, m = 20, maxit = 5, method = c("", "", "", method), predictorMatrix = roles,
    printFlag = FALSE)
  fits <- lapply(1:20, function(k) lmer(y ~ arm + (1 | cluster), data = complete(imputed, k)))
  estimates <- vapply(fits, function(fit) fixef(fit)[["arm"]], 0)
  variances <- vapply(fits, function(fit) vcov(fit)[2, 2], 0)
  pool.scalar(estimates, variances, n = 20)
}

elapsed <- system.time(
  for (seed in seq_len(replicates)) suppressWarnings(suppressMessages(one(seed))))[["elapsed"]]
cat(method, elapsed / replicates, "\n")
