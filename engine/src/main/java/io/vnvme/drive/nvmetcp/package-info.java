/**
 * Drives that are namespaces of another machine, by NVMe/TCP (NVM Express TCP Transport Specification 1.0): the host's side of
 * the protocol, several paths to one namespace, and what becomes of commands when a path is lost.
 */
@NullMarked
package io.vnvme.drive.nvmetcp;

import org.jspecify.annotations.NullMarked;
