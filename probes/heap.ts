export type Heap<Item> = {
  readonly push: (item: Item) => void;
  readonly peek: () => Item | undefined;
  readonly pop: () => Item | undefined;
};

/** A binary heap: the least item by `compare` is on top. */
export const createHeap = <Item>(compare: (a: Item, b: Item) => number): Heap<Item> => {
  const items: Item[] = [];
  const isBefore = (a: number, b: number) => compare(items[a] as Item, items[b] as Item) < 0;
  const swap = (a: number, b: number) => {
    const held = items[a] as Item;
    items[a] = items[b] as Item;
    items[b] = held;
  };
  const siftUp = (from: number) => {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(child, parent)) return;
      swap(child, parent);
      child = parent;
    }
  };
  const siftDown = () => {
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < items.length && isBefore(child, least)) least = child;
      if (least === parent) return;
      swap(parent, least);
      parent = least;
    }
  };
  return {
    push: (item) => {
      items.push(item);
      siftUp(items.length - 1);
    },
    peek: () => items[0],
    pop: () => {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        siftDown();
      }
      return top;
    },
  };
};
