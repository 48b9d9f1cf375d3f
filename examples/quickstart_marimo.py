"""Pico-Banana in marimo: `marimo edit examples/quickstart_marimo.py`. It runs on the embedded sample."""

import marimo

app = marimo.App()


@app.cell
def load_rows():
    import pico_banana as pb

    rows = pb.load("single_turn", mirror="sample")
    rows
    return pb, rows


@app.cell
def one_row(rows):
    rows[0]
    return


@app.cell
def what_a_download_would_fetch(rows):
    rows.plan()
    return


@app.cell
def every_turn(pb):
    pb.load("multi_turn", mirror="sample")[0]
    return


@app.cell
def look(rows):
    rows.gallery(limit=12)
    return


if __name__ == "__main__":
    app.run()
