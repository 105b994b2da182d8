package io.vnvme.drive.nvmetcp;

/** The memory of a path's two queues, which its connections use one after the other. */
record QueuePairMemory(SlotMemory adminSlots, Inbox adminInbox, SlotMemory ioSlots, Inbox ioInbox)
        implements AutoCloseable {
    static QueuePairMemory create() {
        return new QueuePairMemory(
                AdminQueue.newMemory(),
                AdminQueue.newInbox(),
                new SlotMemory(IoQueue.COMMANDS_MAX, IoQueue.TRANSFER_MAX),
                new Inbox(IoQueue.TRANSFER_MAX));
    }

    @Override
    public void close() {
        adminSlots.close();
        adminInbox.close();
        ioSlots.close();
        ioInbox.close();
    }
}
