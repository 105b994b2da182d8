/** What the daemon says and is told: the records of the API and the problems it names, shared by server and client. */
@NullMarked
package io.vnvme.control.model;

import org.jspecify.annotations.NullMarked;
