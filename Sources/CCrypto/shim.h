// The header of the digests behind this system-library target.
#include <openssl/evp.h>
