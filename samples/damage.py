#!/usr/bin/env python3
def contents(locker):
    import zipfile
    for file in sorted(locker.rglob("*")):
        if file.is_file():
            yield file, file.read_bytes()
            if file.suffix == ".zip":
                with zipfile.ZipFile(file) as z:
                    for n in z.namelist():
                        yield f"{file}:{n}", z.read(n)
def main(): pass
