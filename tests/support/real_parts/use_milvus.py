"""Connects to Milvus by the very lines that certwright printed, and uses it.

    python use_milvus.py FILE

FILE holds Python that makes a connection called "default". Inserts three vectors and searches the
nearest of one; prints "found 2". A connection that is refused ends with the client's own error.
"""

import sys
from pathlib import Path

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, MilvusClient, connections, utility


def main() -> None:
    printed = Path(sys.argv[1]).read_text(encoding="utf-8")
    names = {"connections": connections, "MilvusClient": MilvusClient}
    exec(compile(printed, sys.argv[1], "exec"), names)
    if "client" in names:
        print("collections", names["client"].list_collections())
        return
    if utility.has_collection("proof"):
        utility.drop_collection("proof")
    fields = [
        FieldSchema("id", DataType.INT64, is_primary=True),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=2),
    ]
    proof = Collection("proof", CollectionSchema(fields))
    proof.insert([[1, 2, 3], [[0.0, 0.0], [1.0, 1.0], [5.0, 5.0]]])
    proof.flush()
    proof.create_index("vector", {"index_type": "FLAT", "metric_type": "L2", "params": {}})
    proof.load()
    near = proof.search([[1.1, 1.0]], "vector", {"metric_type": "L2"}, limit=1)
    print("found", near[0][0].id)


if __name__ == "__main__":
    main()
