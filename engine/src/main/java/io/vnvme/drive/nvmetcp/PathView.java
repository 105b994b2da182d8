package io.vnvme.drive.nvmetcp;

/**
 * How a path is.
 *
 * @param portal where it leads
 * @param state {@code connecting}, {@code live} or {@code lost}
 * @param ana state of asymmetric namespace access; empty unless it is live
 * @param controllerId negative unless it is live
 * @param losses how often it was lost
 * @param trouble why it does not work; empty when it does
 */
public record PathView(String portal, String state, String ana, int controllerId, long losses, String trouble) {
    public boolean live() {
        return state.equals("live");
    }
}
