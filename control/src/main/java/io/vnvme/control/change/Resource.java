package io.vnvme.control.change;

/**
 * What can change.
 *
 * @param kind as in {@link io.vnvme.control.model.ChangeInfo}
 * @param name as in its path
 */
public record Resource(String kind, String name) {}
