// The headers of the digests behind this system-library target.
#include <openssl/evp.h>
#include <openssl/hmac.h>
