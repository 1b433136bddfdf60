// The headers of the C library behind this system-library target.
#include <zstd.h>
#include <zstd_errors.h>
