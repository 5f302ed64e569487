// Writes the small Stata, SPSS and SAS files that the tests read:
//   cc make_statistical_files.c -lreadstat -o make && ./make
#include <fcntl.h>
#include <readstat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t write_bytes(const void *bytes, size_t count, void *file) {
  return write(*(int *)file, bytes, count);
}

enum format { DTA, SAV, POR, XPT, SAS };

// Columns X (1.5, system-missing, tagged .a or user-missing -9, -3), N (an integer, labelled)
// and TEXT ("one  ", "", "t wo", "x"): names in capitals because SAS and old SPSS want them.
static void make(const char *path, enum format format, int version, int compression) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  readstat_writer_t *writer = readstat_writer_init();
  readstat_set_data_writer(writer, write_bytes);
  int labelled = format != XPT && format != SAS;
  readstat_label_set_t *labels = NULL;
  if (labelled) {
    labels = readstat_add_label_set(
        writer, format == DTA ? READSTAT_TYPE_INT32 : READSTAT_TYPE_DOUBLE, "yesno");
    if (format == DTA) {
      readstat_label_int32_value(labels, 2, "yes");
      readstat_label_int32_value(labels, 1, "no");
      readstat_label_tagged_value(labels, 'a', "refused");
    } else {
      readstat_label_double_value(labels, 2, "yes");
      readstat_label_double_value(labels, 1, "no");
    }
  }
  readstat_variable_t *x = readstat_add_variable(writer, "X", READSTAT_TYPE_DOUBLE, 8);
  readstat_variable_set_label(x, "a number");
  readstat_variable_t *n = readstat_add_variable(
      writer, "N", format == DTA ? READSTAT_TYPE_INT8 : READSTAT_TYPE_DOUBLE, 8);
  if (labelled) readstat_variable_set_label_set(n, labels);
  readstat_variable_t *text = readstat_add_variable(writer, "TEXT", READSTAT_TYPE_STRING, 8);
  if (format == SAV || format == POR) readstat_variable_add_missing_double_value(x, -9);
  readstat_writer_set_file_timestamp(writer, 0);
  if (version) readstat_writer_set_file_format_version(writer, version);
  if (compression) readstat_writer_set_compression(writer, compression);
  switch (format) {
    case DTA: readstat_begin_writing_dta(writer, &file, 4); break;
    case SAV: readstat_begin_writing_sav(writer, &file, 4); break;
    case POR: readstat_begin_writing_por(writer, &file, 4); break;
    case XPT: readstat_begin_writing_xport(writer, &file, 4); break;
    case SAS: readstat_begin_writing_sas7bdat(writer, &file, 4); break;
  }
  const char *texts[] = {"one  ", "", "t wo", "x"};
  for (int row = 0; row < 4; row++) {
    readstat_begin_row(writer);
    if (row == 1) {
      readstat_insert_missing_value(writer, x);
    } else if (row == 2 && (format == DTA || format == XPT || format == SAS)) {
      readstat_insert_tagged_missing_value(writer, x, format == DTA ? 'a' : 'A');
    } else {
      readstat_insert_double_value(writer, x, row == 0 ? 1.5 : row == 2 ? -9 : -3);
    }
    if (format == DTA) {
      readstat_insert_int8_value(writer, n, row % 2 + 1);
    } else {
      readstat_insert_double_value(writer, n, row % 2 + 1);
    }
    readstat_insert_string_value(writer, text, texts[row]);
    readstat_end_row(writer);
  }
  if (readstat_end_writing(writer) != READSTAT_OK) exit(1);
  readstat_writer_free(writer);
  close(file);
}

int main(void) {
  make("stata-114.dta", DTA, 114, 0);
  make("stata-117.dta", DTA, 117, 0);
  make("stata-118.dta", DTA, 118, 0);
  make("plain.sav", SAV, 2, 0);
  make("rows.sav", SAV, 2, READSTAT_COMPRESS_ROWS);
  make("binary.zsav", SAV, 3, READSTAT_COMPRESS_BINARY);
  make("portable.por", POR, 0, 0);
  make("transport.xpt", XPT, 5, 0);
  make("table.sas7bdat", SAS, 0, 0);
  return 0;
}
