/** The arithmetic of limits. */
@NullMarked
package io.vnvme.qos;

import org.jspecify.annotations.NullMarked;
