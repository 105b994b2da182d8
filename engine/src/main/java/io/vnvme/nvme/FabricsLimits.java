package io.vnvme.nvme;

/**
 * What a message-based transport can carry.
 *
 * @param queueEntriesMax largest queue, in entries: as many commands of one queue are worked on at a time
 * @param commandCapsuleBytes largest command capsule, data included
 * @param responseCapsuleBytes largest response capsule
 */
public record FabricsLimits(int queueEntriesMax, int commandCapsuleBytes, int responseCapsuleBytes) {}
