package io.vnvme.os;

/** Who was at the other end when it connected; the process may have passed the socket on since. */
public record PeerCredentials(int pid, int uid, int gid) {}
