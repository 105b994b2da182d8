package io.vnvme.testkit.powercut;

import java.util.Map;

/**
 * A change of the catalog that was asked for and not answered: after a cut it has happened or not, never half.
 *
 * @param what it is, for people
 * @param before the names that it touches, as they are without it
 * @param after the names that it touches, as they are with it
 */
record Change(String what, Map<String, Named> before, Map<String, Named> after) {}
