"""Lines of made text in the manner of Thai official documents.

Sentences come from templates with slots (numbers, dates, references, amounts, names, places) and from
running dictionary words drawn by their frequency, so that the network keeps reading all of Thai while
it learns the digits and the Latin letters that the stock model lacks.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pythainlp
from pythainlp.corpus.common import thai_family_names, thai_female_names, thai_male_names, thai_words

THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
CORPUS = Path(pythainlp.__file__).parent / "corpus"
PHRASES = Path(__file__).parent / "phrases.txt"
MONTHS = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split()
SHORT_MONTHS = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split()
UNITS = """
ครัวเรือน คน ราย แห่ง เครื่อง ฉบับ ชุด แผ่น หน้า คัน หลัง ไร่ งาน ตารางวา เมตร กิโลเมตร ตารางเมตร บาท ร้อยละ
วัน เดือน ปี รายการ โครงการ ลูกบาศก์เมตร กิโลกรัม นิ้ว ต้น
""".split()
ENGLISH = """
COVID-19 e-GP e-bidding e-LAAS ITA LPA PDPA PM2.5 QR Code Website Facebook Line ID Email Fax Tel Download
PDF Excel Word Google Form Microsoft Office Windows USB HDMI LED LCD UPS Printer Notebook Server Hard Disk
RAM GB TB Core Intel Inkjet Laser Wi-Fi Internet Smart City Office Municipality Department Ministry Interior
Thailand Bangkok Province District Service Public Report Project Budget Annual Plan Policy Training Center
School Road Street Water Supply Concrete Asphalt Pipe PVC HDPE ASTM ISO TIS mm cm kg km Watt Volt the and of
to in for on with by is are this that from shall will not any all Sub Local Administration Organization
Development Health Environment Education Community Committee Chairman Mayor Deputy Director Officer Name
Address Date Number Page Total Amount Baht only One Stop Fax No. A4 B.E. Act version update contact please
call center Hotline Zoom Meeting Online
""".split()
LATIN = "abcdefghijklmnopqrstuvwxyz"


@cache
def _column(name: str) -> tuple[str, ...]:
    """Returns the first column of a list that PyThaiNLP ships."""
    with (CORPUS / name).open(encoding="utf-8") as file:
        return tuple(row[0] for row in csv.reader(file))


@cache
def _phrases() -> tuple[str, ...]:
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def _words() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Returns words of running text with damped frequencies, so that rare words are seen too."""
    counts = {}
    for line in (CORPUS / "tnc_freq.txt").read_text(encoding="utf-8").splitlines():
        word, _, count = line.partition("\t")
        if re.fullmatch("[ก-์]{2,}", word):
            counts[word] = float(count) ** 0.5
    for word in thai_words():
        if re.fullmatch("[ก-์]{2,}", word):
            counts.setdefault(word, 3.0)
    words = sorted(counts)
    return tuple(words), tuple(counts[word] for word in words)


def in_thai_digits(text: str) -> str:
    """Returns the text in Thai digits, but for tokens with Latin letters (addresses, product names)."""
    return re.sub(r"(?<!\S)[^A-Za-z\s]+(?!\S)", lambda match: match[0].translate(THAI_DIGITS), text)


@cache
def _names() -> tuple[list[str], list[str], list[str]]:
    """Returns men's, women's and family names, in a fixed order."""
    return sorted(thai_male_names()), sorted(thai_female_names()), sorted(thai_family_names())


class LineWriter:
    """Writes lines from one random stream: the same seed gives the same lines."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._male, self._female, self._family = _names()

    def line(self) -> str:
        """Returns one line of 1–90 characters, single spaces, in Thai or Arabic digits throughout."""
        make = self._random.choices(
            (self._sentence, self._running, self._figures, self._person, self._latin, self._digits),
            (34, 16, 28, 8, 8, 12),
        )[0]
        text = re.sub(" +", " ", make()).strip()
        return in_thai_digits(text) if self._random.random() < 0.72 else text

    def _sentence(self) -> str:
        text = " ".join(
            self._fill(self._random.choice(_phrases())) for _ in range(self._random.randint(1, 3))
        )
        return self._cut(text)

    def _running(self) -> str:
        words, weights = _words()
        drawn = self._random.choices(words, weights, k=self._random.randint(2, 16))
        text = "".join(word + self._random.choices(("", " ", "ๆ "), (86, 12, 2))[0] for word in drawn)
        if self._random.random() < 0.3:
            text += self._random.choice(
                (" {n} {unit}", " ({text})", ' "{text}"', " {text}/{text}", ", {text}; {text}")
            )
        return self._cut(self._fill(text))

    def _figures(self) -> str:
        return self._fill(self._random.choice(FIGURES))

    def _person(self) -> str:
        return self._fill(
            self._random.choice(("({name})", "{n}. {name} {post} กรรมการ", "{name} {post}", "{post}"))
        )

    def _digits(self) -> str:
        pieces = [self._number() for _ in range(self._random.randint(1, 9))]
        return self._random.choice((" ", " ", " | ", " - ", "/", ", ")).join(pieces)

    def _latin(self) -> str:
        words = [self._english() for _ in range(self._random.randint(1, 8))]
        text = " ".join(words)
        if self._random.random() < 0.4:
            text = self._cut(self._fill(self._random.choice(_phrases()))) + f" ({text[:30].strip()})"
        return text[:90]

    def _english(self) -> str:
        pick = self._random.random()
        if pick < 0.55:
            word = self._random.choice(ENGLISH)
        elif pick < 0.8:
            word = "".join(self._random.choices(LATIN, k=self._random.randint(2, 11)))
        elif pick < 0.9:
            return f"{self._random.choice(ENGLISH)}-{self._number()}"
        else:
            host = "".join(self._random.choices(LATIN, k=self._random.randint(4, 12)))
            return self._random.choice(
                (
                    f"www.{host}.go.th",
                    f"{host}@gmail.com",
                    f"https://{host}.go.th/index.php?id={self._number()}",
                    f"saraban_{self._number()}@dla.go.th",
                    f"saraban@{host}.go.th",
                    f"{host[:5]}.{host[5:]}@{self._random.choice(('hotmail.com', 'gmail.com', 'moi.go.th'))}",
                )
            )
        case = self._random.random()
        return word.upper() if case < 0.25 else word.capitalize() if case < 0.5 else word

    def _cut(self, text: str) -> str:
        """A line's worth out of a longer text, cut where a line may break (never before a mark)."""
        length = self._random.randint(12, 88)
        if len(text) <= length:
            return text
        start = self._random.randrange(len(text) - length)
        breaks = [m.start() for m in re.finditer("(?<![เแโใไ ])(?=[ก-ฮเแโใไ0-9A-Za-z(])", text)]
        begin = min((b for b in breaks if b >= start), default=0)
        end = max((b for b in breaks if b <= begin + length), default=len(text))
        return text[begin : end if end > begin else len(text)]

    def _fill(self, template: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self._slot(match[1]), template)

    def _number(self) -> str:
        digits = self._random.choice((1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7))
        value = self._random.randrange(10 ** (digits - 1), 10**digits)
        style = self._random.random()
        if style < 0.3:
            return f"{value:,}"
        if style < 0.4:
            return f"{value:,}.{self._random.randrange(100):02d}"
        return str(value)

    def _slot(self, name: str) -> str:
        pick, rand = self._random.choice, self._random.randrange
        kinds: dict[str, Callable[[], str]] = {
            "n": self._number,
            "d": lambda: str(rand(1, 32)),
            "amount": lambda: (
                f"{rand(10, 99999) * pick((1, 10, 100, 1000)):,}" + pick(("", "", ".00", ".50"))
            ),
            "date": lambda: f"{rand(1, 32)} {pick(MONTHS)} {pick(('', '', 'พ.ศ. '))}{rand(2480, 2575)}",
            "short_date": lambda: (
                f"{rand(1, 32)} {pick(SHORT_MONTHS)} {pick((rand(2540, 2575), rand(40, 75)))}"
            ),
            "slash_date": lambda: f"{rand(1, 32):02d}/{rand(1, 13):02d}/{rand(2540, 2575)}",
            "month": lambda: pick(MONTHS),
            "year": lambda: str(rand(2480, 2575)),
            "time": lambda: f"{rand(24):02d}.{pick((0, 15, 30, 45)):02d}",
            "ref": self._reference,
            "phone": self._phone,
            "id": lambda: f"{rand(1, 9)}-{rand(10**4):04d}-{rand(10**5):05d}-{rand(100):02d}-{rand(10)}",
            "unit": lambda: pick(UNITS),
            "name": self._name,
            "post": lambda: pick(POSTS),
            "place": lambda: pick(PLACES) + pick(self._family),
            "province": lambda: pick(_column("thailand_provinces_th.csv")),
            "text": self._words_together,
            "english": self._english,
            "email": self._email,
        }
        return kinds[name]()

    def _reference(self) -> str:
        rand, pick = self._random.randrange, self._random.choice
        office = f"{rand(1, 99999):0{pick((4, 5))}d}{pick(('', f'.{rand(1, 20)}'))}"
        return f"{pick(CODES)} {office}/{pick(('', 'ว ', 'ว'))}{rand(1, 9999)}"

    def _email(self) -> str:
        host = "".join(self._random.choices(LATIN, k=self._random.randint(4, 14)))
        user = self._random.choice(
            ("saraban", "admin", "info", "contact", host[::-1], f"saraban_{self._number()}")
        )
        return f"{user}@{host}{self._random.choice(('.go.th', '.go.th', '.or.th', '.com', '.ac.th'))}"

    def _phone(self) -> str:
        rand, pick = self._random.randrange, self._random.choice
        landline = f"0 {rand(2000, 7999)} {rand(10000):04d}"
        dashed = f"0{rand(2, 8)}-{rand(100, 999)}-{rand(10000):04d}"
        mobile = f"0{pick('689')}{rand(10)}-{rand(1000):03d}-{rand(10000):04d}"
        return pick((landline, dashed, mobile))

    def _name(self) -> str:
        title = self._random.choice(("นาย", "นาง", "นางสาว", "ว่าที่ ร.ต.", "ด.ช.", "พ.อ."))
        given = self._random.choice(self._male if title in ("นาย", "ด.ช.", "พ.อ.") else self._female)
        return f"{title}{given} {self._random.choice(self._family)}"

    def _words_together(self) -> str:
        words, weights = _words()
        return "".join(self._random.choices(words, weights, k=self._random.randint(1, 4)))


CODES = "มท นร ศธ สธ กค อว พม กษ คค ทส รง ยธ ดศ วธ กท ชม ขก นม อบ สข ปท นฐ ลบ ฉช".split()
PLACES = "เทศบาลตำบล เทศบาลเมือง องค์การบริหารส่วนตำบล บ้าน ตำบล อำเภอ โรงเรียนบ้าน วัด".split()
POSTS = """
นายกเทศมนตรี รองนายกเทศมนตรี ปลัดเทศบาล รองปลัดเทศบาล ผู้อำนวยการกองคลัง ผู้อำนวยการกองช่าง
ผู้อำนวยการกองการศึกษา หัวหน้าสำนักปลัด นายกองค์การบริหารส่วนตำบล ปลัดองค์การบริหารส่วนตำบล นิติกรชำนาญการ
นักวิเคราะห์นโยบายและแผนปฏิบัติการ เจ้าพนักงานธุรการชำนาญงาน นักวิชาการเงินและบัญชีชำนาญการ
เจ้าพนักงานพัสดุปฏิบัติงาน วิศวกรโยธาชำนาญการพิเศษ นายช่างโยธาอาวุโส ประธานกรรมการ กรรมการและเลขานุการ
ผู้ว่าราชการจังหวัด นายอำเภอ ท้องถิ่นจังหวัด กำนัน ผู้ใหญ่บ้าน ผู้ช่วยผู้ใหญ่บ้าน สารวัตรกำนัน
ประธานสภาเทศบาล สมาชิกสภาเทศบาล นักพัฒนาชุมชนปฏิบัติการ นักวิชาการสาธารณสุขชำนาญการ พยาบาลวิชาชีพชำนาญการ
ครูผู้ดูแลเด็ก พนักงานขับรถยนต์ ลูกจ้างประจำ
""".split()

FIGURES = (
    "ที่ {ref}",
    "ที่ {ref} ลงวันที่ {date}",
    "ที่ {n}/{year}",
    "คำสั่ง{place} ที่ {n}/{year}",
    "ลงวันที่ {date}",
    "วันที่ {date}",
    "{date}",
    "{short_date}",
    "{slash_date}",
    "ประกาศ ณ วันที่ {date}",
    "สั่ง ณ วันที่ {date}",
    "{amount} บาท",
    "{amount}",
    "จำนวน {n} {unit}",
    "{d}. {text} {amount} บาท",
    "{d}) {text} จำนวน {n} {unit}",
    "- {d} -",
    "{d}.",
    "{d}.{d} {text}",
    "{d}.{d}.{d} {text}{text}",
    "ข้อ {d} {text}{text}",
    "โทร. {phone}",
    "โทร {phone} ต่อ {n}",
    "โทรสาร {phone}",
    "โทรศัพท์/โทรสาร {phone}",
    "เลขประจำตัวประชาชน {id}",
    "เวลา {time} น.",
    "ตั้งแต่เวลา {time} - {time} น.",
    "มาตรา {n} วรรค{text}",
    "พ.ศ. {year}",
    "ปีงบประมาณ พ.ศ. {year}",
    "(ฉบับที่ {d}) พ.ศ. {year}",
    "หมู่ที่ {d} ตำบล{text} อำเภอ{text}",
    "เลขที่ {n}/{d} หมู่ {d}",
    "ร้อยละ {d}.{d}",
    "ขนาด {n} x {n} เมตร",
    "กว้าง {n} เมตร ยาว {n} เมตร หนา 0.{d} เมตร",
    "({n} - {n})",
    "{amount} {amount} {amount}",
    "รวม {amount} บาท",
    "รวมเป็นเงินทั้งสิ้น {amount} บาท",
    "{n} {amount} {amount}",
    "หน้า {d}/{d}",
    "แผ่นที่ {d} จาก {d}",
    "ระดับ {d} คะแนน {n}.{d}",
    "บัญชีเลขที่ {n}-{d}-{n}-{d}",
    "{n}",
    "{n} %",
    "โทร. {phone} E-mail: {email}",
    "E-mail: {email}",
    "ไปรษณีย์อิเล็กทรอนิกส์ {email}",
    "{d}. {text} เป็นเงิน {amount} บาท รวม {amount} บาท",
    "{text}{text} จำนวน {amount} บาท และ{text} จำนวน {amount} บาท",
    "{text} {n} {unit} {text} {n} {unit}",
    "+{n}.{d}",
    "รหัส {n}-{n}-{n}",
    "฿{amount}",
    "ครั้งที่ {d}/{year} เมื่อวันที่ {date}",
    "รับที่ {n}",
    "เลขรับ {n} วันที่ {short_date} เวลา {time} น.",
    "{province} {n}",
    "จังหวัด{province} รหัสไปรษณีย์ {n}",
)
