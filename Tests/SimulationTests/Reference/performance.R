# Makes estimates.csv, a fixed file of simulated estimates with failures in it, and performance.csv,
# every performance measure of it computed here from the formulas of Morris, White & Crowther
# (2019), Stat Med 38(11), Table 6, in the words of R's mean() and var() alone.
#
#   Rscript performance.R      (R 4.2.2)
set.seed(20260601)
cases <- expand.grid(method = c("good", "narrow"), truth = c(0, 0.3), stringsAsFactors = FALSE)
n <- 60
level <- 0.95
rows <- do.call(rbind, lapply(seq_len(nrow(cases)), function(i) {
  bias <- if (cases$method[i] == "narrow") 0.08 else 0
  shrink <- if (cases$method[i] == "narrow") 0.6 else 1
  estimate <- round(rnorm(n, cases$truth[i] + bias, 0.2), 4)
  std.error <- round(shrink * 0.2 * sqrt(rchisq(n, 18) / 18), 4)
  df <- round(runif(n, 8, 30), 2)
  half <- qt(1 - (1 - level) / 2, df) * std.error
  row <- data.frame(
    scenario = if (cases$truth[i] == 0) 1 else 2, replicate = seq_len(n),
    method = cases$method[i], truth = cases$truth[i], estimate = estimate,
    std.error = std.error, df = df, conf.low = round(estimate - half, 6),
    conf.high = round(estimate + half, 6), fmi = round(runif(n, 0.1, 0.4), 4), converged = TRUE)
  if (cases$method[i] == "narrow") {
    row$df <- Inf
    # A replicate that failed outright, one that did not converge, one without an interval.
    row[7, c("estimate", "std.error", "df", "conf.low", "conf.high", "fmi")] <- NA
    row$converged[c(7, 31)] <- FALSE
    row[50, c("std.error", "df", "conf.low", "conf.high")] <- NA
  }
  row
}))
write.csv(rows, "estimates.csv", row.names = FALSE, na = "", quote = FALSE)

measure <- function(d) {
  theta <- d$truth[1]
  n_all <- nrow(d)
  d <- d[d$converged & !is.na(d$estimate), ]
  n_est <- nrow(d)
  e <- d$estimate
  with_se <- d[!is.na(d$std.error), ]
  n_se <- nrow(with_se)
  v <- with_se$std.error^2
  intervals <- d[!is.na(d$conf.low), ]
  n_int <- nrow(intervals)
  emp <- sqrt(sum((e - mean(e))^2) / (n_est - 1))
  mod <- sqrt(mean(v))
  emp_se <- sqrt(sum((with_se$estimate - mean(with_se$estimate))^2) / (n_se - 1))
  se2 <- (e - theta)^2
  mse <- mean(se2)
  covered <- mean(intervals$conf.low <= theta & theta <= intervals$conf.high)
  centred <- mean(intervals$conf.low <= mean(e) & mean(e) <= intervals$conf.high)
  rejected <- mean(intervals$conf.low > 0 | intervals$conf.high < 0)
  width <- intervals$conf.high - intervals$conf.low
  df <- d$df[is.finite(d$df)]
  p_se <- function(p, n) sqrt(p * (1 - p) / n)
  out <- list(
    c("bias", mean(e) - theta, sqrt(sum((e - mean(e))^2) / (n_est * (n_est - 1))), n_est),
    if (theta != 0) c("relative-bias", (mean(e) - theta) / theta,
      sqrt(sum((e - mean(e))^2) / (n_est * (n_est - 1))) / abs(theta), n_est),
    c("empirical-se", emp, emp / sqrt(2 * (n_est - 1)), n_est),
    c("model-se", mod, sqrt(var(v) / (4 * n_se * mod^2)), n_se),
    c("relative-error-model-se", mod / emp_se - 1,
      mod / emp_se * sqrt(var(v) / (4 * n_se * mod^4) + 1 / (2 * (n_se - 1))), n_se),
    c("mse", mse, sqrt(sum((se2 - mse)^2) / (n_est * (n_est - 1))), n_est),
    c("coverage", covered, p_se(covered, n_int), n_int),
    c("bias-eliminated-coverage", centred, p_se(centred, n_int), n_int),
    c("rejection", rejected, p_se(rejected, n_int), n_int),
    c("interval-width", mean(width), sd(width) / sqrt(n_int), n_int),
    c("convergence", n_est / n_all, p_se(n_est / n_all, n_all), n_all),
    c("fmi", mean(d$fmi), sd(d$fmi) / sqrt(n_est), n_est),
    if (length(df) > 0) c("df", mean(df), sd(df) / sqrt(length(df)), length(df)))
  out <- do.call(rbind, out)
  data.frame(
    scenario = d$scenario[1], method = d$method[1], measure = out[, 1],
    value = sprintf("%.15g", as.numeric(out[, 2])), mcse = sprintf("%.15g", as.numeric(out[, 3])),
    n = out[, 4], failures = ifelse(out[, 1] == "convergence", n_all - n_est, n_all - as.numeric(out[, 4])))
}
parts <- split(rows, list(rows$method, rows$scenario))
write.csv(do.call(rbind, lapply(parts, measure)), "performance.csv", row.names = FALSE, quote = FALSE)
