package io.vnvme.os;

import java.util.Objects;

/** Received descriptors that nobody has taken yet, oldest first; bounded, and the owner of what it holds. */
public final class FdQueue implements AutoCloseable {
    private final int[] numbers;
    private int head;
    private int size;

    public FdQueue(int capacity) {
        numbers = new int[capacity];
    }

    public int size() {
        return size;
    }

    public int capacity() {
        return numbers.length;
    }

    /** Takes ownership of a descriptor; one beyond the capacity is closed at once. Returns false then. */
    boolean offer(int number) {
        if (size == numbers.length) {
            Fd.close(number);
            return false;
        }
        numbers[(head + size) % numbers.length] = number;
        size++;
        return true;
    }

    /** Takes a descriptor over from its owner; one beyond the capacity is closed at once. */
    public void adopt(Fd fd) {
        offer(fd.release());
    }

    /** The number of one that is here, the oldest being 0: it stays the queue's. */
    public int peek(int index) {
        Objects.checkIndex(index, size);
        return numbers[(head + index) % numbers.length];
    }

    /** Hands the oldest descriptor to the caller, who owns it from now on; -1 when there is none. */
    public int take() {
        if (size == 0) {
            return -1;
        }
        int number = numbers[head];
        head = (head + 1) % numbers.length;
        size--;
        return number;
    }

    /** Closes every descriptor that nobody took; the queue stays usable. */
    @Override
    public void close() {
        for (int number = take(); number >= 0; number = take()) {
            Fd.close(number);
        }
    }
}
