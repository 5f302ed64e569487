// Probability distributions from Boost.Math behind a C face.
// Every function returns NaN outside its domain instead of throwing.
#ifndef DORMOUSE_BOOST_MATH_H
#define DORMOUSE_BOOST_MATH_H

#ifdef __cplusplus
extern "C" {
#endif

double bm_normal_cdf(double x);
double bm_normal_upper(double x);
double bm_normal_quantile(double p);

double bm_student_t_cdf(double x, double df);
double bm_student_t_upper(double x, double df);
double bm_student_t_quantile(double p, double df);

double bm_chi_squared_cdf(double x, double df);
double bm_chi_squared_upper(double x, double df);
double bm_chi_squared_quantile(double p, double df);

double bm_f_cdf(double x, double df1, double df2);
double bm_f_upper(double x, double df1, double df2);
double bm_f_quantile(double p, double df1, double df2);

double bm_log_gamma(double x);

#ifdef __cplusplus
}
#endif

#endif
