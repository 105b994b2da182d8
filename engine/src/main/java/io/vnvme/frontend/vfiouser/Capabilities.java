package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * What a client says of itself in VERSION; the defaults are the protocol's for what it leaves out.
 *
 * @param transferMaxBytes the largest {@code count} of one DMA_READ or DMA_WRITE that it takes
 * @param messageFdsMax descriptors that it takes in one message
 * @param writeMultiple whether it would send REGION_WRITE_MULTI
 */
record Capabilities(int transferMaxBytes, int messageFdsMax, boolean writeMultiple) {
    private static final Capabilities DEFAULT = new Capabilities(Wire.DATA_TRANSFER_MAX, 1, false);

    /**
     * @param text JSON and a terminating zero, or nothing at all
     * @throws RequestException EINVAL when it is neither
     */
    static Capabilities parse(byte[] text) {
        int length = text.length;
        while (length > 0 && text[length - 1] == 0) {
            length--;
        }
        if (length == 0) {
            return DEFAULT;
        }
        Map<?, ?> root = object(Json.parse(Arrays.copyOf(text, length)));
        Object capabilities = root.get("capabilities");
        if (capabilities == null) {
            return DEFAULT;
        }
        Map<?, ?> members = object(capabilities);
        Object multiple = members.get("write_multiple");
        return new Capabilities(
                Math.min(Wire.DATA_TRANSFER_MAX, number(members, "max_data_xfer_size", DEFAULT.transferMaxBytes())),
                number(members, "max_msg_fds", DEFAULT.messageFdsMax()),
                Boolean.TRUE.equals(multiple));
    }

    /** What this server answers: what it can do, with a terminating zero. */
    byte[] reply() {
        String text = """
                {"capabilities":{"max_msg_fds":%d,"max_data_xfer_size":%d,"max_dma_maps":%d,"pgsizes":4096%s}}\0""".formatted(
                        Wire.MESSAGE_FDS_MAX,
                        Wire.DATA_TRANSFER_MAX,
                        Wire.DMA_MAPS_MAX,
                        writeMultiple ? ",\"write_multiple\":true" : "");
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Map<?, ?> object(Object value) {
        if (value instanceof Map<?, ?> members) {
            return members;
        }
        throw new RequestException(Errno.EINVAL, "version text is not an object");
    }

    private static int number(Map<?, ?> members, String name, int otherwise) {
        Object value = members.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Double number && number >= 1) {
            // A larger number than an int holds says no more than the largest int does.
            return number.intValue();
        }
        throw new RequestException(Errno.EINVAL, "capability " + name + " is not a positive number");
    }
}
