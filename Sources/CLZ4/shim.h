// The headers of the C library behind this system-library target.
#include <lz4.h>
#include <lz4hc.h>
#include <lz4frame.h>
