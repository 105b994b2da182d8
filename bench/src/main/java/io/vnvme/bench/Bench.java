package io.vnvme.bench;

import io.vnvme.bench.campaign.Campaigns;

/** What {@code ./dev bench} starts. */
public final class Bench {
    private Bench() {}

    public static void main(String[] arguments) {
        System.exit(Campaigns.run(arguments));
    }
}
