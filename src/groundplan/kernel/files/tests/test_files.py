"""What may be handed in, what is kept of it, and who reads it."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from groundplan.kernel.files import actions, errors, queries, registry
from groundplan.kernel.files.logic import pictures, sniffing
from groundplan.kernel.files.models import Blob, StoredFile
from groundplan.kernel.ledger.models import Pending

GPS_IFD, MAKE = 0x8825, 0x010F


@pytest.fixture(autouse=True)
def own_storage(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def shown_to_all():
    registry.reader("test:", lambda request, subject: request.headers.get("X-Reader") == "yes")
    yield
    registry._readers.pop("test:")


def picture(form, orientation=1, size=(40, 20)):
    exif = Image.Exif()
    exif[MAKE] = "Camera of 张三"
    exif[pictures.ORIENTATION] = orientation
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (32.0, 3.0, 4.0), 3: "E", 4: (118.0, 46.0, 7.0)})
    out = io.BytesIO()
    base = Image.effect_noise(size, 80).convert("RGB")
    base.save(out, form, exif=exif)
    return out.getvalue()


def store(content, name, **kwargs):
    return actions.store_file(actor="a-1", name=name, content=content, subject="test:1", **kwargs)


def kept(stored):
    with queries.open_file(stored) as content:
        return content.read()


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")])
def test_a_photo_keeps_its_pixels_and_loses_the_place_where_it_was_taken(form, name):
    raw = picture(form)
    assert Image.open(io.BytesIO(raw)).getexif().get_ifd(GPS_IFD)
    clean = kept(store(raw, name))
    shown, original = Image.open(io.BytesIO(clean)), Image.open(io.BytesIO(raw))
    assert not shown.getexif().get_ifd(GPS_IFD)
    assert MAKE not in shown.getexif()
    assert shown.tobytes() == original.tobytes()
    assert "张三".encode() not in clean


@pytest.mark.parametrize("value", range(2, 9))
def test_a_photo_stays_upright(value):
    clean = pictures.without_metadata(picture("JPEG", orientation=value), "image/jpeg")
    assert dict(Image.open(io.BytesIO(clean)).getexif()) == {pictures.ORIENTATION: value}


def test_a_progressive_photo_with_a_film_behind_it_is_cleaned():
    out = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(out, "JPEG", progressive=True)
    clean = pictures.without_metadata(out.getvalue() + b"ftypmp42 film with a place", "image/jpeg")
    assert b"film" not in clean
    assert Image.open(io.BytesIO(clean)).tobytes() == Image.open(io.BytesIO(out.getvalue())).tobytes()


@given(cut=st.integers(min_value=4, max_value=400), form=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_a_picture_that_is_cut_off_is_an_error_and_never_a_crash(cut, form):
    raw = picture(form)[:-cut]
    with pytest.raises((ValueError, OSError)):
        pictures.without_metadata(raw, f"image/{form.lower()}")


@given(st.binary(max_size=300))
def test_any_bytes_have_an_accepted_type_or_none(content):
    assert sniffing.media_type(content) in {"", *sniffing.ACCEPTED}


def workbook():
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def archive(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, text in members.items():
            package.writestr(name, text)
    return out.getvalue()


@pytest.mark.django_db
def test_documents_are_known_by_their_content():
    assert store(workbook(), "清单.xlsx").blob.media_type.endswith("spreadsheetml.sheet")
    assert store(b"%PDF-1.7\n%\xe2\xe3", "a.PDF").blob.media_type == "application/pdf"
    assert store("工单号,内容\n1,路灯不亮".encode("gbk"), "a.csv").blob.media_type == "text/plain"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90\x00" + bytes(100), "invoice.pdf"),
        (b"<html><script>alert(1)</script>", "page.txt"),
        (b"  <svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "picture.png"),
        (archive(**{"a.txt": "x"}), "table.xlsx"),
        (archive(**{"[Content_Types].xml": "x", "xl/workbook.xml": "x", "xl/vbaProject.bin": "x"}), "table.xlsx"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "a.txt"),
    ],
)
def test_what_is_not_of_an_accepted_type_is_refused(content, name):
    with pytest.raises(errors.FileTypeRefused):
        store(content, name)
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_an_extension_that_lies_is_refused_and_the_truth_is_named():
    with pytest.raises(errors.FileTypeRefused, match=r"image/png.*\.png"):
        store(picture("PNG"), "photo.jpg")


@pytest.mark.django_db
def test_a_file_over_the_limit_is_refused_before_it_is_read_to_the_end():
    stream = io.BytesIO(bytes(10_000))
    with pytest.raises(errors.FileTooLarge):
        store(stream, "a.txt", limit_bytes=100)
    assert stream.tell() == 101


@pytest.mark.django_db
def test_an_empty_or_broken_file_is_refused():
    with pytest.raises(errors.FileDamaged):
        store(b"", "a.txt")
    with pytest.raises(errors.FileDamaged):
        store(picture("JPEG", size=(300, 300))[:-500], "a.jpg")


@pytest.mark.django_db
def test_the_same_content_is_stored_once_and_goes_with_its_last_file():
    first, second = store(b"text", "a.txt"), store(b"text", "b.txt")
    assert Blob.objects.count() == 1
    path = first.blob.path
    actions.erase_file(actor="a-1", stored=first)
    assert default_storage.exists(path)
    actions.erase_file(actor="a-1", stored=second)
    assert not default_storage.exists(path)
    assert Blob.objects.count() == 0
    assert Pending.objects.filter(action="files.erase_file").count() == 2


@pytest.mark.django_db
def test_half_a_content_left_by_a_crash_is_written_anew():
    stored = store(b"whole text", "a.txt")
    with Path(default_storage.path(stored.blob.path)).open("wb") as stream:
        stream.write(b"who")
    assert kept(store(b"whole text", "b.txt")) == b"whole text"


@pytest.mark.django_db
def test_folders_and_tricks_in_a_name_are_dropped():
    assert store(b"x", "..\\..\\etc/pass\u202ewd\x00.txt").name == "passwd.txt"
    assert len(store(b"x", "长" * 300 + ".txt").name) == 200


@pytest.mark.django_db
def test_a_reader_gets_the_file_with_headers_that_let_it_run_nothing(shown_to_all):
    stored = store(b"text", "说明.txt")
    answer = Client().get(f"/files/{stored.public_id}", headers={"X-Reader": "yes"})
    assert b"".join(answer.streaming_content) == b"text"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.django_db
def test_an_outsider_cannot_tell_a_file_from_none(shown_to_all):
    stored = store(b"text", "a.txt")
    refused = Client().get(f"/files/{stored.public_id}")
    nowhere = "018f0000-0000-7000-8000-000000000000"
    missing = Client().get(f"/files/{nowhere}")
    assert (refused.status_code, missing.status_code) == (404, 404)
    # The page repeats its own address and a fresh form token; nothing else may differ.
    same = refused.content.decode().replace(str(stored.public_id), nowhere)
    assert re.sub(r'value="\w{64}"', "", same) == re.sub(r'value="\w{64}"', "", missing.content.decode())


@pytest.mark.django_db
def test_a_subject_that_nobody_answers_for_is_read_by_nobody():
    stored = actions.store_file(actor="a-1", name="a.txt", content=b"x", subject="orphan:1")
    assert Client().get(f"/files/{stored.public_id}", headers={"X-Reader": "yes"}).status_code == 404
