/** Encryption of data at rest: AES-XTS over the blocks of a volume, and the slots that keep a volume's key. */
@NullMarked
package io.vnvme.crypto;

import org.jspecify.annotations.NullMarked;
