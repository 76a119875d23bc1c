import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_audit_append_only'),
        ('records', '0005_manifest'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeletionProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kept', models.CharField(choices=[('payment', '缴费记录'), ('event', '事项记录'), ('holding', '持有记录'), ('rejected', '退回的行'), ('held', '已处理的待处理行'), ('file', '报送文件')], max_length=8, verbose_name='对象')),
                ('item_code', models.CharField(max_length=40, verbose_name='信息项')),
                ('action', models.CharField(choices=[('delete', '删除'), ('close', '停用')], max_length=6, verbose_name='处理')),
                ('counts_from', models.CharField(choices=[('period_end', '所属期止'), ('ended', '有效期止，无有效期的自发生之日'), ('publicity', '公示期满'), ('held_from', '起始日期'), ('superseded', '被更正之日'), ('received', '接收之日'), ('decided', '处理之日')], max_length=12, verbose_name='起算')),
                ('months', models.PositiveSmallIntegerField(verbose_name='保存期限（月）')),
                ('business_date', models.DateField(verbose_name='业务日期')),
                ('first_on', models.DateField(verbose_name='最早')),
                ('last_on', models.DateField(verbose_name='最晚')),
                ('first_recorded_at', models.DateTimeField(null=True, verbose_name='最早入库')),
                ('rows', models.PositiveIntegerField(verbose_name='行数')),
                ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('subject_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('delivery_id', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('actor_name', models.CharField(max_length=150, verbose_name='执行')),
            ],
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_document', models.TextField(verbose_name='依据')),
                ('certainty', models.CharField(choices=[('confirmed', '✓ 已核对原文'), ('restated', '~ 转述'), ('draft', '征求意见稿'), ('recalled', '? 待核对'), ('ours', '平台默认')], max_length=10, verbose_name='确定性')),
                ('edited_at', models.DateTimeField(editable=False, null=True, verbose_name='维护时间')),
                ('effective_from', models.DateField(verbose_name='生效日期')),
                ('effective_to', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('item_code', models.CharField(max_length=40, verbose_name='信息项')),
                ('action', models.CharField(choices=[('delete', '删除'), ('close', '停用')], max_length=6, verbose_name='到期处理')),
                ('counts_from', models.CharField(choices=[('period_end', '所属期止'), ('ended', '有效期止，无有效期的自发生之日'), ('publicity', '公示期满'), ('held_from', '起始日期'), ('superseded', '被更正之日'), ('received', '接收之日'), ('decided', '处理之日')], max_length=12, verbose_name='起算')),
                ('months', models.PositiveSmallIntegerField(null=True, verbose_name='保存期限（月）')),
                ('rule_key', models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.ConcatPair('item_code', 'action'), output_field=models.CharField(max_length=50))),
            ],
            options={
                'verbose_name': '保存规则',
            },
        ),
        migrations.AddField(
            model_name='catalogueitem',
            name='concerns_persons',
            field=models.BooleanField(default=False, verbose_name='涉及自然人'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='accepted_removed',
            field=models.PositiveIntegerField(default=0, verbose_name='入库的行中：已到期删除'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='known_at',
            field=models.DateTimeField(null=True, verbose_name='开始处理时间'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='rejected_removed',
            field=models.PositiveIntegerField(default=0, verbose_name='退回的行中：已到期删除'),
        ),
        migrations.AddField(
            model_name='heldrow',
            name='decided_by',
            field=models.CharField(blank=True, max_length=150, verbose_name='处理人'),
        ),
        migrations.AddField(
            model_name='heldrow',
            name='decision_reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='理由'),
        ),
        migrations.AddField(
            model_name='heldrow',
            name='group_key',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.Case(models.When(reason='one_subject_many_codes', then=django.db.models.fields.json.KeyTextTransform('name_key', 'values')), default=django.db.models.fields.json.KeyTextTransform('natural_key', 'values')), models.Value('', output_field=models.TextField()), output_field=models.TextField()), output_field=models.TextField()),
        ),
        migrations.AddIndex(
            model_name='heldrow',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['delivery', 'group_key'], name='heldrow_group'),
        ),
        migrations.AddConstraint(
            model_name='catalogueitem',
            constraint=models.CheckConstraint(condition=models.Q(('concerns_persons', True), ('disclosure', 'public'), _negated=True), name='catalogueitem_persons_never_public', violation_error_message='涉及自然人的信息项不能公开公示。'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('accepted_removed__lte', models.F('accepted')), ('rejected_removed__lte', models.F('rejected'))), name='delivery_removed_was_there'),
        ),
        migrations.AddIndex(
            model_name='deletionproof',
            index=models.Index(fields=['item_code', '-at'], name='deletionproof_item'),
        ),
        migrations.AddConstraint(
            model_name='deletionproof',
            constraint=models.CheckConstraint(condition=models.Q(('rows__gt', 0)), name='deletionproof_of_something'),
        ),
        migrations.AddConstraint(
            model_name='deletionproof',
            constraint=models.CheckConstraint(condition=models.Q(('kept__in', ['payment', 'event', 'holding', 'rejected', 'held', 'file'])), name='deletionproof_kept_known'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.UniqueConstraint(fields=('item_code', 'action', 'effective_from'), name='retentionrule_one_start'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['delete', 'close'])), name='retentionrule_action_known'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('counts_from__in', ['period_end', 'ended', 'publicity', 'held_from', 'superseded', 'received', 'decided'])), name='retentionrule_base_known'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('months__isnull', True), ('months__gt', 0), _connector='OR'), name='retentionrule_months'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('effective_to__isnull', True), ('effective_to__gt', models.F('effective_from')), _connector='OR'), name='retentionrule_period_ordered', violation_error_message='失效日期应晚于生效日期。'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], expressions=[(models.Func(models.Func(models.F('rule_key'), models.Value(0), function='hashtextextended', output_field=models.BigIntegerField()), models.Func(models.F('rule_key'), models.Value(0), function='hashtextextended', output_field=models.BigIntegerField()), models.Value('[]'), function='int8range'), '&&'), (models.Func(models.F('effective_from'), models.F('effective_to'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='retentionrule_period_disjoint', violation_error_message='同一代码的有效期不能重叠。'),
        ),
    ]
