@NullMarked
package io.vnvme.testkit.tcp;

import org.jspecify.annotations.NullMarked;
