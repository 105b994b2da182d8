package io.vnvme.drive.nvmetcp;

/** A remote namespace cannot be reached or used; the message says where and why, for people. */
public final class RemoteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public RemoteException(String message) {
        super(message);
    }
}
