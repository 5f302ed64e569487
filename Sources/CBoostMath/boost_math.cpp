#include "boost_math.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <limits>

namespace bm = boost::math;
using namespace boost::math::policies;

// Errors come back as NaN or infinity: exceptions must not cross into Swift.
// Double is promoted to long double inside Boost, which keeps about 15 digits.
using Quiet = policy<
    domain_error<ignore_error>, pole_error<ignore_error>, overflow_error<ignore_error>,
    underflow_error<ignore_error>, denorm_error<ignore_error>, rounding_error<ignore_error>,
    evaluation_error<ignore_error>, indeterminate_result_error<ignore_error>>;

template <class F>
static double guarded(F body) {
  try {
    return body();
  } catch (...) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

using Normal = bm::normal_distribution<double, Quiet>;
using StudentT = bm::students_t_distribution<double, Quiet>;
using ChiSquared = bm::chi_squared_distribution<double, Quiet>;
using FisherF = bm::fisher_f_distribution<double, Quiet>;

extern "C" {

double bm_normal_cdf(double x) {
  return guarded([=] { return bm::cdf(Normal(), x); });
}
double bm_normal_upper(double x) {
  return guarded([=] { return bm::cdf(bm::complement(Normal(), x)); });
}
double bm_normal_quantile(double p) {
  return guarded([=] { return bm::quantile(Normal(), p); });
}

double bm_student_t_cdf(double x, double df) {
  return guarded([=] { return bm::cdf(StudentT(df), x); });
}
double bm_student_t_upper(double x, double df) {
  return guarded([=] { return bm::cdf(bm::complement(StudentT(df), x)); });
}
double bm_student_t_quantile(double p, double df) {
  return guarded([=] { return bm::quantile(StudentT(df), p); });
}

double bm_chi_squared_cdf(double x, double df) {
  return guarded([=] { return bm::cdf(ChiSquared(df), x); });
}
double bm_chi_squared_upper(double x, double df) {
  return guarded([=] { return bm::cdf(bm::complement(ChiSquared(df), x)); });
}
double bm_chi_squared_quantile(double p, double df) {
  return guarded([=] { return bm::quantile(ChiSquared(df), p); });
}

double bm_f_cdf(double x, double df1, double df2) {
  return guarded([=] { return bm::cdf(FisherF(df1, df2), x); });
}
double bm_f_upper(double x, double df1, double df2) {
  return guarded([=] { return bm::cdf(bm::complement(FisherF(df1, df2), x)); });
}
double bm_f_quantile(double p, double df1, double df2) {
  return guarded([=] { return bm::quantile(FisherF(df1, df2), p); });
}

double bm_log_gamma(double x) {
  return guarded([=] { return bm::lgamma(x, Quiet()); });
}
}
