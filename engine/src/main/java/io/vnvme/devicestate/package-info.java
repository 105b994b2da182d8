/** The stream that carries a device to another process or host: sections with checksums (docs/formats/device-state.md). */
@NullMarked
package io.vnvme.devicestate;

import org.jspecify.annotations.NullMarked;
