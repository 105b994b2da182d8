package io.vnvme.control.api;

import io.vnvme.control.model.Role;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The least role that may ask this. A route without it, and without {@link Anyone}, keeps the daemon from starting. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface Allowed {
    Role value();
}
