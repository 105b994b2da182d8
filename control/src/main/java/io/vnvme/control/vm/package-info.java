/** Virtual machines as their monitor (QMP) shows them: where a drive can be plugged in, and plugging it. */
@NullMarked
package io.vnvme.control.vm;

import org.jspecify.annotations.NullMarked;
