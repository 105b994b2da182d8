package io.vnvme.bench.report;

import io.avaje.jsonb.Json;
import java.util.Arrays;

/**
 * How many times faster one way is than another: the median over rounds in which both were measured one after the
 * other.
 *
 * @param low the lowest of any round
 * @param high the highest of any round
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Ratio(double median, double low, double high) {
    /**
     * The ratio of two series measured round by round.
     *
     * @throws IllegalArgumentException when they are empty or of different lengths
     */
    public static Ratio of(double[] numerators, double[] denominators) {
        if (numerators.length == 0 || numerators.length != denominators.length) {
            throw new IllegalArgumentException(numerators.length + " rounds against " + denominators.length);
        }
        double[] ratios = new double[numerators.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = numerators[i] / denominators[i];
        }
        Arrays.sort(ratios);
        return new Ratio(Median.ofSorted(ratios), ratios[0], ratios[ratios.length - 1]);
    }
}
