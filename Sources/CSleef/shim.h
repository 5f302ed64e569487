// Only the scalar, bitwise-consistent ("cinz": no FMA, same bits on every
// x86-64 processor) functions are declared: sleef.h itself pulls in vector
// types that Swift cannot import. Signatures: https://sleef.org/purec.xhtml
double Sleef_cinz_logd1_u10purec(double);
double Sleef_cinz_log1pd1_u10purec(double);
double Sleef_cinz_expd1_u10purec(double);
