/** The vfio-user front end as clients see it, friendly and hostile ones. */
@NullMarked
package io.vnvme.testkit.server;

import org.jspecify.annotations.NullMarked;
