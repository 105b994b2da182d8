@NullMarked
package io.vnvme.testkit.remote;

import org.jspecify.annotations.NullMarked;
