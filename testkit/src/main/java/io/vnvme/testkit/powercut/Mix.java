package io.vnvme.testkit.powercut;

import java.util.SplittableRandom;

/**
 * How often a workload does what: weights of the kinds of requests and of changes. Each simulation draws its own, so that
 * some hardly flush, some only snapshot, some only fill the pool.
 */
final class Mix {
    static final int WRITE = 0;
    static final int WRITE_FUA = 1;
    static final int READ = 2;
    static final int FLUSH = 3;
    static final int ZEROES = 4;
    static final int DEALLOCATE = 5;
    private static final int REQUESTS = 6;

    static final int CREATE = 0;
    static final int SNAPSHOT = 1;
    static final int CLONE = 2;
    static final int REMOVE = 3;
    static final int ROLLBACK = 4;
    static final int RENAME = 5;
    static final int RESIZE = 6;
    private static final int CHANGES = 7;

    private static final int[] REQUEST_WEIGHTS = {40, 6, 14, 14, 6, 8};
    private static final int[] CHANGE_WEIGHTS = {12, 26, 14, 22, 10, 5, 12};

    private final int[] requests;
    private final int[] changes;
    /** Part of the actions that are changes, 0 to 1. */
    private final double changeShare;
    /** Part of the steps in which nothing new is started, 0 to 1. */
    private final double idleShare;

    private final int requestsMax;
    private final int changesMax;

    Mix(SplittableRandom random) {
        requests = draw(REQUEST_WEIGHTS, random);
        changes = draw(CHANGE_WEIGHTS, random);
        requests[WRITE] = Math.max(requests[WRITE], 1);
        changes[CREATE] = Math.max(changes[CREATE], 1);
        changeShare = random.nextInt(4) == 0 ? 0 : 0.01 + 0.15 * random.nextDouble();
        idleShare = random.nextDouble() * 0.9;
        requestsMax = 1 + random.nextInt(10);
        changesMax = 1 + random.nextInt(3);
    }

    private static int[] draw(int[] usual, SplittableRandom random) {
        int[] weights = new int[usual.length];
        for (int i = 0; i < usual.length; i++) {
            weights[i] = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(3) == 0 ? 0 : 1;
                case 1 -> 4 * usual[i];
                default -> usual[i];
            };
        }
        return weights;
    }

    private static int pick(int[] weights, SplittableRandom random) {
        int sum = 0;
        for (int weight : weights) {
            sum += weight;
        }
        int left = random.nextInt(sum);
        int kind = 0;
        while (left >= weights[kind]) {
            left -= weights[kind++];
        }
        return kind;
    }

    int request(SplittableRandom random) {
        return pick(requests, random);
    }

    int change(SplittableRandom random) {
        return pick(changes, random);
    }

    boolean idle(SplittableRandom random) {
        return random.nextDouble() < idleShare;
    }

    boolean changes(SplittableRandom random) {
        return random.nextDouble() < changeShare;
    }

    /** Requests under way at most. */
    int requestsMax() {
        return requestsMax;
    }

    /** Changes under way at most. */
    int changesMax() {
        return changesMax;
    }

    static {
        assert REQUEST_WEIGHTS.length == REQUESTS && CHANGE_WEIGHTS.length == CHANGES;
    }
}
