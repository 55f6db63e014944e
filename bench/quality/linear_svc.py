"""One linear model on the same rows as a mixture: TF-IDF of everything, LinearSVC (scikit-learn).

Reads {"fit": FILE, "test": FILE, "kinds": {field: kind}} as its argument, the files being JSON lines
with a field "target", and prints {"accuracy", "C"}; C is chosen on a fifth of the fitting rows.
"""
import json
import math
import sys

import numpy
from scipy.sparse import hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def texts(rows, field):
    return [row.get(field) or "" for row in rows]


def lists(rows, field):
    return [row.get(field) or [] for row in rows]


def names(rows, fields):
    return [{f"{field}={row[field]}": 1 for field in fields if row.get(field) is not None} for row in rows]


def numbers(rows, fields):
    return [
        {f"{field}~{round(2 * math.log1p(max(0, row[field])))}": 1 for field in fields if row.get(field) is not None}
        for row in rows
    ]


def features(fit, test, kinds):
    """Blocks of unit length each, so that no block drowns another."""
    of = lambda kind: [field for field, own in kinds.items() if own == kind]
    blocks = []
    def block(vectorizer, a, b):
        vectorizer.fit(a)
        blocks.append((normalize(vectorizer.transform(a)), normalize(vectorizer.transform(b))))
    for field in of("text"):
        block(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2), texts(fit, field), texts(test, field))
        block(
            TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), min_df=2, max_features=300000),
            texts(fit, field),
            texts(test, field),
        )
    for field in of("ids"):
        tokens = TfidfVectorizer(analyzer=lambda items: items, sublinear_tf=True, min_df=2)
        block(tokens, lists(fit, field), lists(test, field))
    for make, kind in ((names, "category"), (numbers, "number")):
        if of(kind):
            block(DictVectorizer(), make(fit, of(kind)), make(test, of(kind)))
    return hstack([a for a, _ in blocks]).tocsr(), hstack([b for _, b in blocks]).tocsr()


def main():
    job = json.loads(sys.argv[1])
    fit, test = read(job["fit"]), read(job["test"])
    x, x_test = features(fit, test, job["kinds"])
    y = numpy.array([row["target"] for row in fit])
    y_test = numpy.array([row["target"] for row in test])
    held = numpy.random.RandomState(0).permutation(len(y)) < len(y) // 5
    score = lambda c: LinearSVC(C=c).fit(x[~held], y[~held]).score(x[held], y[held])
    best = max((0.1, 0.3, 1.0), key=score)
    print(json.dumps({"accuracy": LinearSVC(C=best).fit(x, y).score(x_test, y_test), "C": best}))


main()
