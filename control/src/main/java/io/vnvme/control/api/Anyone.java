package io.vnvme.control.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Also those who have not shown who they are may ask this. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface Anyone {}
