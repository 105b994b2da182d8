package io.vnvme.pool;

import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.Records;
import java.util.ArrayList;
import java.util.List;

/** Puts what the journal's records say into the maps that a checkpoint left. */
final class Replay implements Records.Sink {
    private final Layers layers;
    private final List<Layer> gone = new ArrayList<>();
    /** Layers that go with the batch. */
    private final List<Layer> going = new ArrayList<>();

    private final Notes notes;

    /** Layers that are gone: the checkpoint still refers to their pages, and is what a load begins with until the next. */
    List<Layer> gone() {
        return gone;
    }

    Replay(Layers layers, Notes notes) {
        this.layers = layers;
        this.notes = notes;
    }

    @Override
    public void entry(int layer, long clusterIndex, long entry) {
        Layer its = layers.byId(layer);
        if (its == null) {
            // Gone meanwhile, and the checkpoint knows that already.
            return;
        }
        if (clusterIndex >= 0 && clusterIndex < its.lengthClusters()) {
            its.map().loadChanged(clusterIndex, entry);
        } else if (clusterIndex < 0) {
            throw new FormatException("the journal has an entry of layer %d at %d".formatted(layer, clusterIndex));
        }
        // Behind the end: the layer was cut meanwhile, and the checkpoint knows that already.
    }

    @Override
    public void layer(LayerRecord layer) {
        Layer its = layers.load(layer);
        its.map().dropBehind(its.lengthClusters());
    }

    @Override
    public void gone(int layer) {
        Layer its = layers.byId(layer);
        if (its != null) {
            going.add(its);
        }
    }

    /**
     * A batch happens as a whole: of a layer that goes in it nothing else is recorded, so a layer may seem to go before those
     * that stood on it.
     */
    void endBatch() {
        for (Layer layer : going) {
            if (!going.containsAll(layer.children())) {
                throw new FormatException("the journal removes layer %d, which others stand on".formatted(layer.id()));
            }
        }
        for (Layer layer : going) {
            layer.map().drop();
            layers.unlink(layer);
            gone.add(layer);
        }
        going.clear();
    }

    @Override
    public void note(int kind, long key, long value) {
        notes.load(kind, key, value);
    }
}
